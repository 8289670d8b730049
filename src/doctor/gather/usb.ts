/** Where a camera is plugged in, and all USB devices with a video interface. */

import { readFile, readlink } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { UsbPlace, UsbVideoDevice } from '../facts.js'
import { namesIn, numberOf, type Places, textOf } from './places.js'
import { streamPayloads } from './usb-descriptors.js'

const VIDEO_CLASS = '0e'
const VIDEO_CONTROL = '01'
const SELF_POWERED = 0x40

/** The USB side of a device in sysfs; undefined when it is on another bus. */
export async function usbPlace(interfaceDir: string): Promise<UsbPlace | undefined> {
  const device = dirname(interfaceDir)
  const bus = await numberOf(`${device}/busnum`)
  const speedMbps = await numberOf(`${device}/speed`)
  if (bus === undefined || speedMbps === undefined) return undefined
  const control = Number.parseInt((await textOf(`${interfaceDir}/bInterfaceNumber`)) ?? '0', 16)
  const descriptors = await readFile(`${device}/descriptors`).catch(() => new Uint8Array())
  const usbVersion = await numberOf(`${device}/version`)
  const hub = await hubOf(device)
  return {
    port: basename(device),
    bus,
    speedMbps,
    ...(usbVersion === undefined ? {} : { usbVersion }),
    payloads: streamPayloads(descriptors, control),
    power: await powerOf(device),
    ...(hub === undefined ? {} : { hub }),
  }
}

/** Every camera on the USB buses, with a driver or without. */
export async function usbVideoDevices({ sys }: Places): Promise<readonly UsbVideoDevice[]> {
  const folder = `${sys}/bus/usb/devices`
  const interfaces = (await namesIn(folder)).filter((name) => name.includes(':'))
  const found = await Promise.all(
    interfaces.map(async (name) => {
      const dir = `${folder}/${name}`
      const isCamera =
        (await textOf(`${dir}/bInterfaceClass`)) === VIDEO_CLASS && (await textOf(`${dir}/bInterfaceSubClass`)) === VIDEO_CONTROL
      if (!isCamera) return []
      const port = name.split(':', 1)[0] ?? name
      const driver = await readlink(`${dir}/driver`).catch(() => undefined)
      const product = (await textOf(`${folder}/${port}/product`)) ?? 'a camera'
      return [{ port, name: product, ...(driver === undefined ? {} : { driver: basename(driver) }) }]
    }),
  )
  return found.flat()
}

async function powerOf(device: string): Promise<UsbPlace['power']> {
  const control = await textOf(`${device}/power/control`)
  const runtimeStatus = await textOf(`${device}/power/runtime_status`)
  const autosuspendMs = await numberOf(`${device}/power/autosuspend_delay_ms`)
  const maxPowerMa = await numberOf(`${device}/bMaxPower`)
  return {
    ...(control === undefined ? {} : { control }),
    ...(runtimeStatus === undefined ? {} : { runtimeStatus }),
    ...(autosuspendMs === undefined ? {} : { autosuspendMs }),
    ...(maxPowerMa === undefined ? {} : { maxPowerMa }),
  }
}

/** The hub in between; undefined when the device hangs on the root of its bus. */
async function hubOf(device: string): Promise<UsbPlace['hub']> {
  const hub = dirname(device)
  if (!/^\d+-[\d.]+$/.test(basename(hub))) return undefined
  const attributes = Number.parseInt((await textOf(`${hub}/bmAttributes`)) ?? '', 16)
  return { port: basename(hub), isBusPowered: !Number.isNaN(attributes) && (attributes & SELF_POWERED) === 0 }
}
