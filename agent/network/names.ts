/** The bridge that the pods of this node hang on. */
export const BRIDGE = 'skep0';
/** The VXLAN device to nodes that are not on this node's own network. */
export const VXLAN = 'skep.vx';
/** The nftables table that holds every rule of Skep: family `ip`, this name. */
export const TABLE = 'skep';
/** The routing protocol number on every route that Skep makes, so that they can be told from all others (`ip route show proto 115`). */
export const ROUTE_PROTOCOL = 115;
