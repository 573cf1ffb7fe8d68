// The real program, as people start it.
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const binary = process.env.RAWAJ_BIN ?? fileURLToPath(new URL('../../bin/rawaj', import.meta.url))
const exec = promisify(execFile)

export async function rawaj(...args) {
  if (!existsSync(binary)) throw new Error(`${binary} is not there: make build`)
  const { stdout } = await exec(binary, args)
  return stdout.trim()
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const s = createServer()
    s.once('error', reject)
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => resolve(port))
    })
  })
}

// start runs a command until stop, and waits for its one-time link.
export function start(...args) {
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const link = new Promise((resolve, reject) => {
    child.stderr.on('data', (b) => {
      said += b
      const found = /once: (http\S+)/.exec(said)
      if (found) resolve(found[1])
    })
    child.once('exit', (code) => reject(new Error(`rawaj ${args.join(' ')} ended with ${code}: ${said}`)))
  })
  link.catch(() => {})
  return {
    link,
    said: () => said,
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    // kill ends it as a power cut does: nothing is written any more.
    kill: () => {
      child.kill('SIGKILL')
      return ended
    },
    stop: () => {
      if (child.exitCode !== null) return ended
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      return ended
    },
  }
}
