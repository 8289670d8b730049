// Who has a file open.
import { readdir, readFile, readlink } from 'node:fs/promises'

/** Numbers of the processes that hold the file open, sorted. */
export async function processesHolding(file) {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const holds = await Promise.all(pids.map((pid) => holdsOpen(pid, file)))
  return pids.filter((_, i) => holds[i]).sort((a, b) => a - b)
}

/** Command lines of the processes that run this program. */
export async function commandsOf(program) {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return commands
    .map((command) => command.replaceAll('\0', ' ').trim())
    .filter((command) => command.split(' ')[0]?.endsWith(program))
}

/** Whether the process has the file open; false when the process is gone. */
export async function holdsOpen(pid, file) {
  const folder = `/proc/${pid}/fd`
  const fds = await readdir(folder).catch(() => [])
  const links = await Promise.all(fds.map((fd) => readlink(`${folder}/${fd}`).catch(() => '')))
  return links.includes(file)
}
