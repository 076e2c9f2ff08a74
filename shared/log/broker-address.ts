/**
 * Addresses of brokers: "host:port", with an IPv6 address in brackets. kafkajs splits at the first colon, so it gets such
 * an address as a name without one ("--1.ipv6-literal"), which its socket turns back.
 */
const IPV6_BROKER = /^\[([^\]]+)\]:(\d+)$/;
const LITERAL_SUFFIX = '.ipv6-literal';

/** The host, without brackets. */
export const brokerHost = (broker: string): string =>
  IPV6_BROKER.exec(broker)?.[1] ?? broker.slice(0, broker.lastIndexOf(':'));

/** "[::1]:9092" -> "--1.ipv6-literal:9092"; others as they are. */
export const withoutColons = (broker: string): string =>
  broker.replace(
    IPV6_BROKER,
    (_all, address: string, port: string) => `${address.replaceAll(':', '-')}${LITERAL_SUFFIX}:${port}`,
  );

/** "--1.ipv6-literal" -> "::1"; others as they are. */
export const withColons = (host: string): string =>
  host.endsWith(LITERAL_SUFFIX) ? host.slice(0, -LITERAL_SUFFIX.length).replaceAll('-', ':') : host;
