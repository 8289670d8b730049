// Does what was asked for, and tells of it as every suite does: what each showed, and the counts on the last line.

/** One for each of two cores. */
const AT_ONCE = 2

/** `jobs`: each resolves with `{ passed, told }`. None is a failure, too. */
export async function doJobs(jobs) {
  const counts = { passed: 0, failed: 0 }
  const left = [...jobs]
  const worker = async () => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) {
      const { passed, told } = await job()
      counts[passed ? 'passed' : 'failed'] += 1
      console.log(told)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  if (jobs.length === 0) console.log('no target has this name')
  console.log(`${counts.passed} passed, ${counts.failed} failed, 0 skipped`)
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1
}
