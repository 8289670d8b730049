#!/usr/bin/env node
/** `jwt-generator`: what `camera-service token` does, under the name that scripts know. */

import { main } from './main.js'
import { toolTerminal, withTwoDashes } from './tool.js'

process.exitCode = await main({ argv: ['token', ...withTwoDashes(process.argv.slice(2))], terminal: toolTerminal(process.env) })
