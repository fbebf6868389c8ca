// Writes openapi/openapi.json from the routes of the built service.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { buildApp } from '../dist/src/app.js'
import { readConfig } from '../dist/src/config.js'

const config = readConfig({ MEMORY_MB: '16', THREADS: '1' })
const service = await buildApp(config, { logger: pino({ level: 'silent' }), relaxed: false })
const file = fileURLToPath(new URL('../openapi/openapi.json', import.meta.url))
mkdirSync(new URL('../openapi', import.meta.url), { recursive: true })
writeFileSync(file, `${JSON.stringify(service.openapi(), null, 2)}\n`)
await service.close()
