// Writes the types of both APIs from what the programs say of themselves. A test holds
// them together: npm run types mends it.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const apis = { site: '../../client/openapi.json', dashboard: '../../server/openapi.json' }

export function target(api) {
  return fileURLToPath(new URL(`../src/api/${api}.gen.ts`, import.meta.url))
}

export function generate(api) {
  const { components, info } = JSON.parse(readFileSync(new URL(apis[api], import.meta.url)))
  let out = `// Written by scripts/types.mjs from the API of: ${info.title}. Do not edit.\n`
  for (const [name, schema] of Object.entries(components.schemas)) {
    if (schema.enum) {
      out += `\nexport type ${name} =${schema.enum.map((word) => `\n  | '${word}'`).join('')}\n`
      continue
    }
    out += `\nexport interface ${name} {\n`
    // What is asked may leave fields out; what is answered has them, but for those that
    // are empty and that readers take as such.
    const optional = (field) => (schema.required ? !schema.required.includes(field) : /Request$|^New/.test(name) || /^name_/.test(field))
    for (const [field, s] of Object.entries(schema.properties)) out += `  ${field}${optional(field) ? '?' : ''}: ${type(s)}\n`
    out += '}\n'
  }
  return out
}

function type(s) {
  if (s.$ref) return s.$ref.split('/').pop()
  if (s.anyOf) return s.anyOf.map(type).join(' | ')
  switch (s.type) {
    case 'array':
      return `${wrapped(s.items)}[]`
    case 'object':
      return `Record<string, ${s.additionalProperties ? type(s.additionalProperties) : 'unknown'}>`
    case 'integer':
      return 'number'
    case undefined:
      return 'unknown'
    default:
      return s.type
  }
}

function wrapped(s) {
  const t = type(s)
  return t.includes('|') ? `(${t})` : t
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const api of Object.keys(apis)) writeFileSync(target(api), generate(api))
}
