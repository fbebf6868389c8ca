// Writes openapi/openapi.json from the routes of the built service, and openapi/losses.md from its
// table of losses.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { catalogue } from '../dist/src/api/catalogue.js'
import { guide } from '../dist/src/api/guide.js'
import { buildApp } from '../dist/src/app.js'
import { readConfig } from '../dist/src/config.js'

const config = readConfig({ MEMORY_MB: '16', THREADS: '1' })
const service = await buildApp(config, { logger: pino({ level: 'silent' }), relaxed: false })
const file = fileURLToPath(new URL('../openapi/openapi.json', import.meta.url))
mkdirSync(new URL('../openapi', import.meta.url), { recursive: true })
writeFileSync(file, `${JSON.stringify(service.openapi(), null, 2)}\n`)
writeFileSync(fileURLToPath(new URL('../openapi/losses.md', import.meta.url)), guide(catalogue))
await service.close()
