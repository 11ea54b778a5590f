import type { CodeCounter } from "./known_codes.ts";
import type { MeasuredAdmission, Numbers, Recorders } from "./numbers.ts";

/** One number of a metric, with its labels. */
interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric that is read when somebody asks for it. */
export interface Instrument {
  /** By the conventions of Prometheus: a counter ends in `_total`, after its unit. */
  readonly name: string;
  readonly kind: "counter" | "gauge";
  readonly help: string;
  /** The names of its labels. */
  readonly labels: readonly string[];
  read(numbers: Numbers): readonly Sample[];
}

/** A histogram, of seconds. */
export interface HistogramInstrument {
  readonly name: string;
  readonly help: string;
  readonly recorder: keyof Recorders;
}

type Total = keyof ReturnType<Numbers["read"]>["totals"];

function total(name: string, help: string, count: Total): Instrument {
  const kind = name.endsWith("_total") ? "counter" : "gauge";
  return { name, kind, help, labels: [], read: (numbers) => [{ value: numbers.read().totals[count] }] };
}

function ofBus(name: string, help: string, count: keyof ReturnType<Numbers["read"]>["bus"]): Instrument {
  const kind = name.endsWith("_total") ? "counter" : "gauge";
  return { name, kind, help, labels: [], read: (numbers) => [{ value: numbers.read().bus[count] }] };
}

function byLabel(name: string, label: string, help: string, counts: CodeCounter): Instrument {
  const read = (numbers: Numbers) =>
    [...numbers[counts]].map(([value, count]) => ({ labels: { [label]: value }, value: count }));
  return { name, kind: "counter", help, labels: [label], read };
}

function counter(name: string, help: string, read: (numbers: Numbers) => number): Instrument {
  return { name, kind: "counter", help, labels: [], read: (numbers) => [{ value: read(numbers) }] };
}

function ofPools(name: string, help: string, stat: "workers" | "busy" | "ending" | "queued" | "waiting"): Instrument {
  const read = (numbers: Numbers) =>
    numbers.read().pools.map(([pool, stats]) => ({ labels: { pool }, value: stats[stat] }));
  return { name, kind: "gauge", help, labels: ["pool"], read };
}

type AdmissionCount = Exclude<keyof ReturnType<MeasuredAdmission["stats"]>, "refused">;

function ofAdmissions(name: string, help: string, stat: AdmissionCount): Instrument {
  const kind = name.endsWith("_total") ? "counter" : "gauge";
  const read = (numbers: Numbers) =>
    numbers.read().admissions.map(([admission, stats]) => ({ labels: { admission }, value: stats[stat] }));
  return { name, kind, help, labels: ["admission"], read };
}

/** Everything that is read, in the order in which it is published. */
export const INSTRUMENTS: readonly Instrument[] = [
  {
    name: "spillway_servers",
    kind: "gauge",
    help: "Servers by what they do: listening, accepting-stopped, draining, closed.",
    labels: ["state"],
    read: (numbers) => Object.entries(numbers.read().states).map(([state, value]) => ({ labels: { state }, value })),
  },
  total("spillway_connections_open", "Connections that are open.", "connections"),
  total("spillway_connections_establishing", "Connections in their establish steps.", "establishing"),
  total("spillway_connections_accepted_total", "Connections that were accepted and established.", "accepted"),
  total("spillway_connections_refused_total", "Connections beyond maxConnections that were refused.", "refused"),
  byLabel("spillway_connections_closed_total", "reason", "Connections that ended, by close reason.", "closed"),
  byLabel(
    "spillway_establish_failures_total",
    "reason",
    "Connections that were not established, by error code.",
    "establishFailures",
  ),
  byLabel("spillway_accept_errors_total", "code", "Errors of accepting, by error code.", "acceptErrors"),
  counter("spillway_connections_full_total", "Times that maxConnections was reached.", ({ full }) => full),
  total("spillway_frames_received_total", "Frames that were received.", "framesIn"),
  total("spillway_frames_sent_total", "Frames that were sent.", "framesOut"),
  total("spillway_frames_dropped_total", "Pushes that were dropped for want of room.", "framesDropped"),
  byLabel("spillway_frame_errors_total", "code", "Frames that the codec refused, by error code.", "frameErrors"),
  total("spillway_received_bytes_total", "Bytes that were received.", "bytesIn"),
  total("spillway_sent_bytes_total", "Bytes that were sent.", "bytesOut"),
  total("spillway_discarded_bytes_total", "Received bytes that never reached the decoder.", "bytesDiscarded"),
  total("spillway_inbound_waiting_bytes", "Received bytes that wait.", "waitingInboundBytes"),
  total("spillway_outbound_waiting_bytes", "Bytes that wait to be sent.", "waitingOutboundBytes"),
  counter(
    "spillway_slow_consumers_total",
    "Times that a connection began to have no room for pushes.",
    ({ slowConsumers }) => slowConsumers,
  ),
  total("spillway_handlers_in_flight", "Asynchronous handlers and streams that run.", "handlers"),
  byLabel("spillway_handler_errors_total", "code", "Handlers and hooks that failed, by error code.", "handlerErrors"),
  total("spillway_observer_errors_total", "Events on which an observer threw.", "observerErrors"),
  total("spillway_groups", "Groups with members.", "groups"),
  {
    name: "spillway_group_members",
    kind: "gauge",
    help: "Members of the largest groups.",
    labels: ["group"],
    read: (numbers) => numbers.read().groups.map(([group, value]) => ({ labels: { group }, value })),
  },
  ofBus("spillway_bus_up", "Servers whose bus is up.", "up"),
  ofBus("spillway_bus_connects_total", "Times that a bus came up.", "connects"),
  ofBus("spillway_bus_servers", "Other servers that were heard lately.", "servers"),
  ofBus("spillway_bus_topics", "Topics that are subscribed to.", "topics"),
  ofBus("spillway_bus_frames_sent_total", "Frames for other servers.", "framesSent"),
  ofBus("spillway_bus_frames_dropped_total", "Frames for other servers that were dropped.", "framesDropped"),
  ofBus("spillway_bus_frames_refused_total", "Frames for other servers that were refused.", "framesRefused"),
  ofBus("spillway_bus_frames_received_total", "Frames of other servers.", "framesReceived"),
  ofBus("spillway_bus_frames_filtered_total", "Frames of other servers that were for nobody.", "framesFiltered"),
  ofBus("spillway_bus_frames_missed_total", "Frames of other servers that did not arrive.", "framesMissed"),
  ofBus("spillway_bus_gaps_total", "Gaps in the frames of other servers.", "gaps"),
  ofBus("spillway_bus_invalid_total", "Messages that could not be read or delivered.", "invalid"),
  ofBus("spillway_bus_messages_sent_total", "Messages to the broker.", "messagesSent"),
  ofBus("spillway_bus_messages_received_total", "Messages from the broker.", "messagesReceived"),
  ofBus("spillway_bus_sent_bytes_total", "Bytes to the broker.", "bytesSent"),
  ofBus("spillway_bus_received_bytes_total", "Bytes from the broker.", "bytesReceived"),
  ofBus("spillway_bus_outbound_waiting_bytes", "Bytes that wait for the broker.", "waitingBytes"),
  ofBus("spillway_bus_inbound_waiting_bytes", "Bytes from the broker that wait.", "waitingInboundBytes"),
  ofPools("spillway_pool_workers", "Worker threads of a pool.", "workers"),
  ofPools("spillway_pool_busy", "Frames that the workers of a pool compute.", "busy"),
  ofPools("spillway_pool_ending", "Worker threads that were told to end and still compute.", "ending"),
  ofPools("spillway_pool_queued", "Frames that wait inside a pool.", "queued"),
  ofPools("spillway_pool_waiting", "Frames that wait in front of a pool.", "waiting"),
  ofAdmissions("spillway_admission_admitted_total", "Connections that an admission step admitted.", "admitted"),
  {
    name: "spillway_admission_refused_total",
    kind: "counter",
    help: "Connections that an admission step refused, by reason.",
    labels: ["admission", "reason"],
    read: (numbers) =>
      numbers
        .read()
        .admissions.flatMap(([admission, { refused }]) =>
          Object.entries(refused).map(([reason, value]) => ({ labels: { admission, reason }, value })),
        ),
  },
  ofAdmissions("spillway_admission_open_addresses", "Addresses with an open connection.", "openAddresses"),
  ofAdmissions("spillway_admission_rated_addresses", "Addresses whose rate is remembered.", "ratedAddresses"),
  ofAdmissions(
    "spillway_admission_forgotten_addresses_total",
    "Addresses whose rate was forgotten for want of room.",
    "forgottenAddresses",
  ),
];

export const HISTOGRAMS: Readonly<Record<keyof Recorders, HistogramInstrument>> = {
  handler: {
    name: "spillway_handler_seconds",
    help: "Time from the call of the handler for a frame to its answer.",
    recorder: "handler",
  },
  connection: {
    name: "spillway_connection_seconds",
    help: "Time from accept to the end of a connection.",
    recorder: "connection",
  },
  loopDelay: {
    name: "spillway_event_loop_delay_seconds",
    help: "Time by which the event loop was late for a timer, ten times a second.",
    recorder: "loopDelay",
  },
};
