export type { Terminal } from './command.js'
export { type MainOptions, main } from './main.js'
export type { AppContext, AppHandle, CreateApp, LoadApp } from './run.js'
