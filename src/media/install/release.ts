/** The one MediaMTX release that `mediamtx install` fetches, with the digests its archives must have. */

export const RELEASE_VERSION = '1.20.1'

/** SHA-256 of the official archives, as published beside them in `checksums.sha256`. */
const ARCHIVES: Readonly<Record<string, { readonly name: string; readonly sha256: string }>> = {
  x64: {
    name: `mediamtx_v${RELEASE_VERSION}_linux_amd64.tar.gz`,
    sha256: '81b143f55a5d23d4a8c028d52869c14ea4a59919900528698fcc97a747fd69c6',
  },
  arm64: {
    name: `mediamtx_v${RELEASE_VERSION}_linux_arm64.tar.gz`,
    sha256: 'd1689f0bfefb1864e5ed3dcc8495eb2d7ec0a654f90bf3cd48980cb3bd08718a',
  },
}

export const RELEASE_BASE_URL = `https://github.com/bluenviron/mediamtx/releases/download/v${RELEASE_VERSION}`

export interface Archive {
  readonly name: string
  readonly sha256: string
}

/** `arch` as Node names it. `undefined` where there is no archive we know. */
export function archiveFor(arch: string): Archive | undefined {
  return ARCHIVES[arch]
}
