// Completes package-lock.json after a dependency changed. A registry that carries no packages of other platforms makes npm leave
// their entries out, and `npm ci` then refuses the lock everywhere. Their versions are fixed by the packages that name them.
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = 'package-lock.json'
const PLATFORMS = ['darwin', 'win32', 'linux', 'freebsd', 'android']
const PROCESSORS = ['arm64', 'x64', 'ia32', 'arm', 's390x', 'ppc64', 'riscv64', 'wasm32']

const lock = JSON.parse(readFileSync(FILE, 'utf8'))
const packages = lock.packages
for (const [place, entry] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (!/^\d+\.\d+\.\d+$/.test(version) || packages[found(place, name)]?.version === version) continue
    const top = `node_modules/${name}`
    packages[packages[top] === undefined ? top : `${place}/${top}`] = foreign(name, version, entry.dev === true)
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`)

/** Where Node would find `name` from `place`: nested first, then upwards. */
function found(place, name) {
  for (let base = place; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    const candidate = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`
    if (packages[candidate] !== undefined || base === '') return candidate
  }
}

function foreign(name, version, dev) {
  const cpu = PROCESSORS.filter((word) => new RegExp(`[-_]${word}(?![0-9a-z])`).test(name))
  const os = PLATFORMS.filter((word) => name.includes(word))
  return {
    version,
    ...(cpu.length > 0 && { cpu: cpu.slice(0, 1) }),
    ...(dev && { dev }),
    optional: true,
    ...(os.length > 0 && { os: os.slice(0, 1) }),
    ...(name.includes('musl') && { libc: ['musl'] }),
  }
}
