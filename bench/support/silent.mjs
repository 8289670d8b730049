// A logger for what is measured without its log.
export const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }
