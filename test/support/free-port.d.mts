/** A port of loopback that nobody listens on, and that nobody takes by accident. */
export function freePort(): Promise<number>
