// `npm start` on a project that is installed and built: it does neither again, and what it started
// is one process that a signal ends.

import { statSync } from 'node:fs'
import t from 'tap'
import { startService } from './service.ts'

const main = 'dist/src/main.js'

t.test('an up-to-date project is started without a build, as one process', async t => {
  const before = statSync(main).mtimeMs
  // Without a PATH there is no npm: an installation or a build would fail, not happen unseen.
  const service = await startService({ PATH: '' }, 'scripts/start.mjs')
  const reply = await fetch(`${service.origin}/v1/losses/l1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"input": [[1.0],[2.5],[0.0]], "target": [[1.2],[2.2],[0.5]]}'
  })
  t.match(await reply.json(), { loss: 0.33333334 })
  t.equal(await service.stop(), 0, 'SIGTERM ends it in peace')
  t.equal(statSync(main).mtimeMs, before, 'nothing was built')
})
