// Runs vitest and ends with the count line that scripts/test.sh sums. A file that could not be loaded counts as failed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const folder = mkdtempSync(join(tmpdir(), 'vitest-'))
const report = join(folder, 'report.json')
const run = spawnSync(
  'node_modules/.bin/vitest',
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  { stdio: 'inherit' },
)

let counts = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults: [] }
try {
  counts = JSON.parse(readFileSync(report, 'utf8'))
} catch (error) {
  console.error(`no report from vitest: ${error.message}`)
}
rmSync(folder, { recursive: true, force: true })

// What failed is told once more in a few lines, for those who see only the end of a long output.
for (const file of counts.testResults) {
  const name = relative(process.cwd(), file.name)
  if (isBroken(file)) tell(name, file.message)
  for (const test of file.assertionResults) {
    if (test.status === 'failed') tell(`${name} > ${test.fullName}`, test.failureMessages.join('\n'))
  }
}

const failed = counts.numFailedTests + counts.testResults.filter(isBroken).length
console.log(`${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests + counts.numTodoTests} skipped`)
process.exitCode = run.status === 0 && failed === 0 ? 0 : 1

/** Failed, and no test of it: it could not be loaded, or prepared. */
function isBroken({ status, assertionResults }) {
  return status === 'failed' && assertionResults.every((test) => test.status !== 'failed')
}

/** Lines that scripts/test.sh repeats at its end: `failed: NAME`, then what was said, indented. */
function tell(name, message = '') {
  const lines = stripVTControlCharacters(message).split('\n', 12)
  console.log([`failed: ${name}`, ...lines.map((line) => `    ${line}`)].join('\n'))
}
