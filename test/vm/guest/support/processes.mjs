// Who has a file open.
import { readdir, readlink } from 'node:fs/promises'

/** Numbers of the processes that hold the file open, sorted. */
export async function processesHolding(file) {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const holds = await Promise.all(pids.map((pid) => holdsOpen(pid, file)))
  return pids.filter((_, i) => holds[i]).sort((a, b) => a - b)
}

/** Whether the process has the file open; false when the process is gone. */
export async function holdsOpen(pid, file) {
  const folder = `/proc/${pid}/fd`
  const fds = await readdir(folder).catch(() => [])
  const links = await Promise.all(fds.map((fd) => readlink(`${folder}/${fd}`).catch(() => '')))
  return links.includes(file)
}
