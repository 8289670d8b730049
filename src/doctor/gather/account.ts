/** Who runs this process, and in which groups. */

import { getegid, geteuid, getgroups } from 'node:process'
import type { Account, Group } from '../facts.js'
import { type Places, textOf } from './places.js'

export interface Process {
  readonly uid: number
  readonly gids: readonly number[]
}

export function thisProcess(): Process {
  // Absent on systems that are not Linux, where this service does not run.
  return { uid: geteuid?.() ?? 0, gids: [...new Set([getegid?.() ?? 0, ...(getgroups?.() ?? [])])] }
}

interface GroupLine extends Group {
  readonly members: readonly string[]
}

/** The names of users and groups, from the files; a number stands for a name that is not there. */
export class Directory {
  readonly #users: ReadonlyMap<number, string>
  readonly #groups: readonly GroupLine[]

  constructor(passwd: string, group: string) {
    this.#users = new Map(lines(passwd).map(([name = '', , uid]) => [Number(uid), name]))
    this.#groups = lines(group).map(([name = '', , gid, members = '']) => ({
      gid: Number(gid),
      name,
      members: members.split(',').filter((member) => member !== ''),
    }))
  }

  static async read({ etc }: Places): Promise<Directory> {
    return new Directory((await textOf(`${etc}/passwd`)) ?? '', (await textOf(`${etc}/group`)) ?? '')
  }

  user(uid: number): string {
    return this.#users.get(uid) ?? String(uid)
  }

  group(gid: number): Group {
    return { gid, name: this.#groups.find((group) => group.gid === gid)?.name ?? String(gid) }
  }

  account({ uid, gids }: Process): Account {
    const user = this.user(uid)
    const granted = this.#groups.filter(({ members }) => members.includes(user))
    return {
      uid,
      user,
      groups: gids.map((gid) => this.group(gid)),
      granted: granted.map(({ gid, name }) => ({ gid, name })),
    }
  }
}

function lines(file: string): string[][] {
  return file.split('\n').map((line) => line.split(':'))
}
