export { AllowList } from './allow-list.js';
export { ForbiddenAddress, OutboundGuard, type ResolvedAddress, type Resolver, type UrlFault } from './outbound-guard.js';
export { isPublicAddress } from './special-addresses.js';
