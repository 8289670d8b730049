// Runs inside the virtual machine: hotplug.mjs CYCLES. Pulls and plugs vivid, and prints how long after the bare receiver the
// notifications were at the client, as JSON.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { plugVivid, unplugVivid } from '../../test/vm/guest/support/drivers.mjs'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
