import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
// @ts-expect-error a script without types
import { generate, target } from '../../scripts/types.mjs'

test.each(['site', 'dashboard'])('types of %s are those of its API', (api) => {
  expect(readFileSync(target(api), 'utf8'), 'npm run types').toBe(generate(api))
})
