/** A path that exists only for the moment in which something is tried out on a server. */
export const CHECK_PATH = 'camera-service-check'
