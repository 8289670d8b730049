// Loads the files of the bundle with the compiled code that lies beside each (FILE.cache, made by the build). V8 checks the cache
// against its own version and flags: where it does not fit, or is missing, the file is compiled as ever.
'use strict'
const { readFileSync, writeFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { basename, join } = require('node:path')
const { Script } = require('node:vm')

exports.loader = function loader() {
  const dir = __dirname
  const scripts = new Map()
  const loaded = new Map()

  const load = (name) => {
    const known = loaded.get(name)
    if (known !== undefined) return known.exports
    const file = join(dir, name)
    const script = new Script(
      `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`,
      {
        filename: file,
        cachedData: cacheOf(file),
      },
    )
    const fromFile = createRequire(file)
    const require = Object.assign((id) => (id.startsWith('./') ? load(id.slice(2)) : fromFile(id)), fromFile)
    const module = { exports: {} }
    scripts.set(file, script)
    loaded.set(name, module)
    script.runInThisContext()(module.exports, require, module, file, dir)
    return module.exports
  }

  return {
    load,
    /** The files loaded so far whose compiled code came from the cache. */
    cached: () => [...scripts].filter(([, script]) => script.cachedDataRejected === false).map(([file]) => basename(file)),
    /** Writes a cache of all that has been compiled so far, functions that have run included. */
    saveCaches() {
      for (const [file, script] of scripts) writeFileSync(`${file}.cache`, script.createCachedData())
    },
  }
}

function cacheOf(file) {
  try {
    return readFileSync(`${file}.cache`)
  } catch {
    return undefined
  }
}
