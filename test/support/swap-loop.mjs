// node swap-loop.mjs PLACES: puts one thing after another at each place until it is killed, each by one rename, so that a place is hardly
// ever empty. PLACES is JSON: [{ place, of: [SOURCE, …] }]. A source is { text }, { link } (symbolic), { also } (a second name of a file), or
// { folder } (a folder or a link to one that moves there, and back when the next has its turn).
import { linkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'

const places = JSON.parse(process.argv[2]).map((each) => ({ ...each, back: undefined }))
const { pid } = process

function put(entry, { text, link, also, folder }) {
  if (folder !== undefined) {
    if (entry.back !== undefined) renameSync(entry.place, entry.back)
    renameSync(folder, entry.place)
    entry.back = folder
    return
  }
  const made = `${entry.place}.${pid}`
  rmSync(made, { force: true })
  if (text !== undefined) writeFileSync(made, text)
  else if (link !== undefined) symlinkSync(link, made)
  else linkSync(also, made)
  renameSync(made, entry.place)
}

for (let turn = 0; ; turn++) {
  for (const entry of places) {
    const source = entry.of[turn % entry.of.length]
    put(entry, source)
    // What was deleted there is there again.
    if (source.file !== undefined) writeFileSync(source.file, 'ours')
  }
  if (turn === 0) process.stdout.write('swapping\n')
}
