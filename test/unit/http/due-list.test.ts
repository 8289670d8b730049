import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DueList } from '../../../src/http/due-list.js'

class Item {
  place = 0
  readonly name: number
  dueMs: number
  constructor(name: number, dueMs = 0) {
    this.name = name
    this.dueMs = dueMs
  }
}

it('looks at those that are due, when they asked to be', () => {
  const list = new DueList<Item>()
  const [one, two] = [new Item(1, 10), new Item(2, 20)]
  list.add(one)
  list.add(two)
  const looked: number[] = []
  const look = (nowMs: number) =>
    list.look(nowMs, (item) => {
      looked.push(item.name)
      return item.dueMs
    })
  look(0)
  expect(looked.splice(0).sort()).toEqual([1, 2])
  look(9)
  expect(looked.splice(0)).toEqual([])
  look(10)
  expect(looked.splice(0)).toEqual([1])
  list.hasten(two)
  list.remove(one)
  list.hasten(one)
  look(11)
  expect(looked.splice(0)).toEqual([2])
})

it('looks at all anew when asked to', () => {
  const list = new DueList<Item>()
  const items = Array.from({ length: 100 }, (_, name) => new Item(name, 1_000))
  for (const item of items) list.add(item)
  const looked = (nowMs: number) => {
    let count = 0
    list.look(nowMs, ({ dueMs }) => {
      count += 1
      return dueMs
    })
    return count
  }
  expect([looked(0), looked(1), looked(999)]).toEqual([100, 0, 0])
  list.hastenAll()
  expect([looked(2), looked(3)]).toEqual([100, 0])
})

it('forgets nobody, whoever comes, goes and is in a hurry, also while it looks', () => {
  const step = fc.record({
    what: fc.constantFrom('add', 'add', 'remove', 'hasten', 'look'),
    which: fc.nat(),
    dueIn: fc.nat(5),
    leaves: fc.nat(3),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 100, maxLength: 400 }), (steps) => {
      const list = new DueList<Item>()
      const present: Item[] = []
      let nowMs = 0
      for (const { what, which, dueIn, leaves } of steps) {
        const chosen = present[which % Math.max(1, present.length)]
        if (what === 'add') {
          const item = new Item(nowMs)
          present.push(item)
          list.add(item)
        } else if (what === 'look') {
          nowMs += 1
          const due = new Set(present.filter((item) => item.dueMs <= nowMs))
          const left = leaves === 0 ? chosen : undefined
          const looked = new Set<Item>()
          list.look(nowMs, (item) => {
            looked.add(item)
            item.dueMs = nowMs + dueIn
            if (item === left) {
              list.remove(item)
              present.splice(present.indexOf(item), 1)
            }
            return item.dueMs
          })
          expect(looked).toEqual(due)
        } else if (chosen !== undefined) {
          if (what === 'remove') {
            list.remove(chosen)
            present.splice(present.indexOf(chosen), 1)
          } else list.hasten(chosen)
          chosen.dueMs = 0
        }
      }
    }),
  )
})
