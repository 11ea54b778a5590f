/**
 * The codes of the refusals of `admission`, which are the reasons of `establish-failed`.
 *
 * | code | meaning | what to do |
 * |---|---|---|
 * | `denied` | the rules do not admit the address | Nothing, if it is meant; else look which range the message names. |
 * | `too-many-per-address` | the address has `maxPerAddress` open connections | Many users may share an address: raise the limit, or exempt the network with `by`. |
 * | `connects-too-fast` | the address connects more often than `connectsPerSecond` | A peer that reconnects in a loop, or many users behind one address: raise the limit, or exempt the network with `by`. |
 */
export type AdmissionErrorCode = "denied" | "too-many-per-address" | "connects-too-fast";
