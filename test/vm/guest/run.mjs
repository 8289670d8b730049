// Runs the guest's test files one after another and prints one line per test, then the counts.
// Arguments: names of files in this folder without `.test.mjs`; none means all.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from 'node:test'

const folder = import.meta.dirname
const wanted = process.argv.slice(2)
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.test.mjs'))
  .filter((name) => wanted.length === 0 || wanted.includes(name.replace('.test.mjs', '')))
  .sort()
  .map((name) => join(folder, name))

const counts = { passed: 0, failed: 0, skipped: 0 }

/** A file and a `describe` are reported too, but only the tests inside count; a file that dies has no tests and counts once. */
const isGroup = (event) =>
  event.details?.type === 'suite' || (files.includes(event.file ?? '') && event.name === event.file && event.nesting === 0)

const stream = run({ files, concurrency: 1, timeout: 300_000 })
stream.on('test:pass', (event) => {
  if (isGroup(event)) return
  if (event.skip !== undefined) {
    counts.skipped++
    console.log(`  skipped ${event.name}: ${event.skip}`)
    return
  }
  counts.passed++
  console.log(`  ok ${event.name} (${Math.round(event.details.duration_ms)} ms)`)
})
stream.on('test:fail', (event) => {
  if (event.details?.error?.failureType === 'subtestsFailed') return
  counts.failed++
  console.log(`  FAILED ${event.name} (${Math.round(event.details.duration_ms)} ms)`)
  const cause = event.details.error?.cause ?? event.details.error
  console.log(`    ${String(cause?.stack ?? cause).replaceAll('\n', '\n    ')}`)
})
stream.on('test:stderr', (event) => process.stdout.write(event.message))
stream.on('end', () => {
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1
})
stream.resume()
