/** What the process runs in: container, snap, flatpak; and whether the kernel has a driver for USB cameras. */

import { release } from 'node:os'
import type { MachineFacts } from '../facts.js'
import { type Places, textOf } from './places.js'

type Env = Readonly<Record<string, string | undefined>>

export async function containerName({ root, proc }: Places, env: Env): Promise<string | undefined> {
  if (env.KUBERNETES_SERVICE_HOST !== undefined) return 'Kubernetes'
  if ((await textOf(`${root}/.dockerenv`)) !== undefined) return 'Docker'
  if ((await textOf(`${root}/run/.containerenv`)) !== undefined) return 'Podman'
  if (env.container !== undefined && env.container !== '') return env.container
  const groups = (await textOf(`${proc}/1/cgroup`)) ?? ''
  const known = /\b(docker|kubepods|lxc|containerd|libpod)\b/.exec(groups)
  return known?.[1]
}

export async function confinementOf({ root }: Places, env: Env): Promise<MachineFacts['confinement']> {
  if (env.SNAP_NAME !== undefined && env.SNAP !== undefined) return 'snap'
  return (await textOf(`${root}/.flatpak-info`)) === undefined ? undefined : 'flatpak'
}

export async function uvcModule({ sys, root }: Places, kernel: string = release()): Promise<MachineFacts['uvcModule']> {
  if ((await textOf(`${sys}/module/uvcvideo/refcnt`)) !== undefined) return 'loaded'
  const modules = `${root}/lib/modules/${kernel}`
  // Built in: no module, and always there.
  if (((await textOf(`${modules}/modules.builtin`)) ?? '').includes('/uvcvideo.ko')) return 'loaded'
  const known = (await textOf(`${modules}/modules.dep`)) ?? ''
  return known.includes('/uvcvideo.ko') ? 'available' : 'missing'
}
