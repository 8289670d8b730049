export type { SignalName, Terminal } from './command.js'
export { type MainOptions, main } from './main.js'
export type { LogControl } from './open-log.js'
export type { AppActions, AppContext, AppHandle, CreateApp, LoadApp } from './run.js'
