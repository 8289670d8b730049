/** What names a picture's source on the wire: `cameraN`, or the path of a stream that was added. */

/** Told apart from cameras by this. */
export const EXTERNAL_PREFIX = 'external_'

/** Sources of regular expressions. */
export const CAMERA_ID = 'camera[0-9]+'
export const EXTERNAL_ID = `${EXTERNAL_PREFIX}[a-z0-9_]{1,48}`
