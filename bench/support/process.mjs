// What a process holds.
import { readdir, readFile } from 'node:fs/promises'

/** Bytes of resident, proportional, private and anonymous memory; the last is what the process asked for itself. */
export async function memoryOf(pid) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024
  const privateBytes = bytes('Private_Clean') + bytes('Private_Dirty')
  return { rss: bytes('Rss'), pss: bytes('Pss'), privateBytes, anonymous: bytes('Anonymous') }
}

/** Open descriptors and threads. */
export async function handlesOf(pid) {
  const count = async (folder) => (await readdir(`/proc/${pid}/${folder}`)).length
  return { descriptors: await count('fd'), threads: await count('task') }
}

/** Nanoseconds of processor time that the threads used so far, by the name of the thread. */
export async function threadCpuNs(pid) {
  const used = new Map()
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const read = (file) => readFile(`/proc/${pid}/task/${thread}/${file}`, 'utf8')
    const [name, times] = await Promise.all([read('comm'), read('schedstat')])
    used.set(name.trim(), (used.get(name.trim()) ?? 0) + Number(times.split(' ')[0]))
  }
  return used
}
