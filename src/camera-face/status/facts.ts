/** Gathers what is known of a camera from the ports, at the moment of asking. */

import type { CameraName, FacePorts } from '../ports.js'
import { type BriefFacts, type CameraFacts, statusDocument } from './status.js'

export function factsOf(
  name: CameraName,
  { cameras, viewers }: Pick<FacePorts, 'cameras' | 'viewers'>,
  withViewers = false,
): CameraFacts {
  const { id } = name
  return {
    name,
    status: cameras.status(id),
    figures: cameras.figures(id),
    settings: cameras.settings(id),
    viewers: viewers.count(id),
    viewerList: withViewers ? viewers.list(id) : undefined,
  }
}

/** The part of `factsOf` that a short form shows: for many cameras at once. */
export function briefFactsOf(name: CameraName, { cameras, viewers }: Pick<FacePorts, 'cameras' | 'viewers'>): BriefFacts {
  const { id } = name
  return { name, status: cameras.status(id), figures: cameras.figures(id), viewers: viewers.count(id) }
}

/** The default camera first, then the others by number. */
export function allCameras({ cameras }: Pick<FacePorts, 'cameras'>): readonly CameraName[] {
  const { defaultId } = cameras
  const first = cameras.find(defaultId)
  const others = cameras.list().filter(({ id }) => id !== defaultId)
  return first === undefined ? others : [first, ...others]
}

/** Id to the whole status document of each camera. */
export function statusDocuments(ports: Pick<FacePorts, 'cameras' | 'viewers'>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(allCameras(ports).map((name) => [name.id, statusDocument(factsOf(name, ports))]))
}
