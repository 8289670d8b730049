#!/usr/bin/env node
/** `camera-service-cli` and `camera-cli`. */

import { adminMain } from './keys/main.js'
import { toolTerminal } from './tool.js'

process.exitCode = await adminMain(process.argv.slice(2), toolTerminal(process.env))
