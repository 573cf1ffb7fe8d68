import { expect, test } from 'vitest'
import { answerFrom } from './shell'

const origin = 'http://127.0.0.1:8421'
const built = new Set(['/assets/site-1234.js'])

test.each([
  ['GET', '/', 'navigate', 'shell'],
  ['GET', '/#till', 'navigate', 'shell'],
  ['GET', '/login?code=abc', 'navigate', 'program'],
  ['GET', '/?code=abc', 'navigate', 'program'],
  ['GET', '/nothing', 'navigate', 'program'],
  ['POST', '/', 'navigate', 'program'],
  ['GET', '/assets/site-1234.js', 'cors', 'cache'],
  ['GET', '/assets/site-5678.js', 'cors', 'program'],
  ['GET', '/api/me', 'cors', 'program'],
  ['GET', '/api/events', 'cors', 'program'],
  ['POST', '/api/sales', 'cors', 'program'],
  ['GET', '/sw.js', 'same-origin', 'program'],
])('%s %s as %s is answered from the %s', (method, path, mode, want) => {
  expect(answerFrom({ method, url: origin + path, mode }, origin, built)).toBe(want)
})

test('another host is left alone', () => {
  expect(answerFrom({ method: 'GET', url: 'http://127.0.0.1:9999/assets/site-1234.js', mode: 'cors' }, origin, built)).toBe('program')
})
