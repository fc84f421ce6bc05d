import { delay } from '../values/index.js';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** How long what was asked for is good, and how long it may take. */
const COLLECT_MS = 1_000;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The process's metrics, Prometheus style. Labels are few and closed: no ids, no tenants' words. */
export class Metrics {
  readonly registry = new Registry();

  readonly httpRequests = new Counter({ name: 'bailiao_http_requests_total', help: 'HTTP requests by route and status.', labelNames: ['method', 'route', 'status'], registers: [this.registry] });
  readonly httpSeconds = new Histogram({ name: 'bailiao_http_request_seconds', help: 'Time to the end of the answer, streams excluded.', labelNames: ['method', 'route'], buckets: SECONDS, registers: [this.registry] });
  readonly activeStreams = new Gauge({ name: 'bailiao_active_streams', help: 'Answers being streamed to clients of this process.', labelNames: ['format'], registers: [this.registry] });
  readonly activeRuns = new Gauge({ name: 'bailiao_active_runs', help: 'Runs that a worker of this process is producing.', registers: [this.registry] });
  readonly runs = new Counter({ name: 'bailiao_runs_total', help: 'Runs by how they ended.', labelNames: ['state', 'reason'], registers: [this.registry] });
  readonly queueWait = new Histogram({ name: 'bailiao_queue_wait_seconds', help: 'From the request for an answer to the start of work on it, by tier and the channel that it was given.', labelNames: ['tier', 'channel'], buckets: SECONDS, registers: [this.registry] });
  readonly firstToken = new Histogram({ name: 'bailiao_time_to_first_token_seconds', help: 'From the request to the first token in the stream log.', labelNames: ['model'], buckets: SECONDS, registers: [this.registry] });
  readonly upstreamErrors = new Counter({ name: 'bailiao_upstream_errors_total', help: 'Failed calls to channels, by kind and channel.', labelNames: ['kind', 'channel'], registers: [this.registry] });
  readonly usageRejected = new Counter({ name: 'bailiao_upstream_usage_rejected_total', help: 'Answers whose usage the upstream did not tell, or told absurdly; they were counted here. Alert on it: it is money.', labelNames: ['reason'], registers: [this.registry] });
  readonly upstreamRetries = new Counter({ name: 'bailiao_upstream_retries_total', help: 'Answers that went on to another call after one to this channel failed, by the kind of the failure.', labelNames: ['kind', 'channel'], registers: [this.registry] });
  readonly outrunTokens = new Counter({ name: 'bailiao_upstream_outrun_prompt_tokens_total', help: 'Prompt tokens of calls that were given up for a faster second one, by our own count: their upstream may charge them, and no run has them in its cost.', labelNames: ['channel'], registers: [this.registry] });
  readonly hedges = new Counter({ name: 'bailiao_upstream_hedges_total', help: 'Second calls beside late ones, by the late channel and what became of them: started, then won, lost, failed, or unused (not needed any more).', labelNames: ['channel', 'event'], registers: [this.registry] });
  readonly responseCache = new Counter({ name: 'bailiao_response_cache_total', help: 'Requests by what stored answers did for them: hit, ready (written by the tenant), shared (waited for an identical one), miss, bypass (not looked for).', labelNames: ['result'], registers: [this.registry] });
  readonly responseCacheWaiting = new Gauge({ name: 'bailiao_response_cache_waiting', help: 'Requests of this process that wait for the answer to an identical one.', registers: [this.registry] });
  readonly queueDepth = new Gauge({ name: 'bailiao_queue_depth', help: 'Runs that wait for a channel, on all nodes, as this node last saw.', registers: [this.registry] });
  readonly tierDepth = new Gauge({ name: 'bailiao_queue_tier_depth', help: 'Runs that wait for a channel, on all nodes, by tier.', labelNames: ['tier'], registers: [this.registry] });
  readonly channelDepth = new Gauge({ name: 'bailiao_queue_channel_depth', help: 'Runs that wait, on all nodes, and that this channel may serve: a run counts for each of its channels.', labelNames: ['channel', 'tier'], registers: [this.registry] });
  readonly channelBreaker = new Gauge({ name: 'bailiao_channel_breaker', help: "Health of the platform's channels: 0 well (closed), 1 on probation (half open), 2 not asked (open).", labelNames: ['channel'], registers: [this.registry] });
  readonly admitted = new Counter({ name: 'bailiao_queue_admitted_total', help: 'Runs that left the queue for a worker, by tier.', labelNames: ['tier'], registers: [this.registry] });
  readonly stalledRuns = new Counter({ name: 'bailiao_stalled_runs_total', help: 'Runs whose worker was lost and that went to another.', registers: [this.registry] });
  readonly channelLeases = new Gauge({ name: 'bailiao_channel_leases', help: 'Calls to a channel that this process makes or was given leave for.', labelNames: ['channel', 'tier'], registers: [this.registry] });
  readonly deadKeys = new Counter({ name: 'bailiao_dead_keys_total', help: 'Calls that an upstream refused for their key. Any growth is an alert.', labelNames: ['channel'], registers: [this.registry] });
  readonly localAnswers = new Gauge({ name: 'bailiao_local_answers', help: 'Answers that local models of this process are producing.', registers: [this.registry] });
  readonly localQueued = new Gauge({ name: 'bailiao_local_queued', help: 'Requests that wait for a sequence of a local model.', registers: [this.registry] });
  readonly localProcessEnds = new Counter({ name: 'bailiao_local_process_ends_total', help: 'Processes of local models that ended and were not told to.', registers: [this.registry] });
  readonly judgements = new Counter({ name: 'bailiao_moderation_judgements_total', help: 'Judgements by layer, stage and what was done.', labelNames: ['layer', 'stage', 'action'], registers: [this.registry] });
  readonly checkFailures = new Counter({ name: 'bailiao_moderation_failures_total', help: 'Texts that a remote layer could not judge, by layer and kind.', labelNames: ['layer', 'kind'], registers: [this.registry] });
  readonly checkSeconds = new Histogram({ name: 'bailiao_moderation_check_seconds', help: 'How long a remote layer took to judge, texts that were judged before excluded.', labelNames: ['layer'], buckets: SECONDS, registers: [this.registry] });
  readonly checkCacheHits = new Counter({ name: 'bailiao_moderation_cache_hits_total', help: 'Texts that a remote layer had judged before.', labelNames: ['layer'], registers: [this.registry] });
  readonly reviewsOpen = new Gauge({ name: 'bailiao_reviews_open', help: 'Items of the review queues of all tenants that are not decided, by kind. Counts to 10,000.', labelNames: ['kind'], registers: [this.registry] });
  readonly reviewsOverdue = new Gauge({ name: 'bailiao_reviews_overdue', help: 'Those that should have been decided by now. Anything but 0 for long is an alert: words stay shown that a layer wanted a person to look at.', labelNames: ['kind'], registers: [this.registry] });
  readonly verdictsWaiting = new Gauge({ name: 'bailiao_verdict_log_waiting', help: 'Judgements of this process that wait to be written.', registers: [this.registry] });
  readonly verdictsLost = new Counter({ name: 'bailiao_verdict_log_lost_total', help: 'Judgements that were never written: clean passes and others that found no room, and rows that PostgreSQL refused. Growth is an alert.', labelNames: ['kind'], registers: [this.registry] });
  readonly payments = new Counter({ name: 'bailiao_payments_total', help: "WeChat Pay's word about orders, by who brought it and what became of it.", labelNames: ['outcome', 'source'], registers: [this.registry] });
  readonly refunds = new Counter({ name: 'bailiao_refunds_total', help: "WeChat Pay's word about refunds, by what became of it.", labelNames: ['outcome'], registers: [this.registry] });
  readonly notices = new Counter({ name: 'bailiao_payment_notices_total', help: 'Letters to the payment webhook, by what became of them.', labelNames: ['outcome'], registers: [this.registry] });
  readonly paymentFindings = new Counter({ name: 'bailiao_payment_findings_total', help: 'Payments and refunds that do not add up and need a person. Any growth is an alert.', labelNames: ['kind'], registers: [this.registry] });
  readonly auditViolations = new Gauge({ name: 'bailiao_audit_violations', help: 'Rows for which an invariant of money did not hold at the last audit. Anything but 0 is an alert.', labelNames: ['invariant'], registers: [this.registry] });
  readonly auditSeconds = new Gauge({ name: 'bailiao_audit_seconds', help: 'How long the last audit of an invariant took.', labelNames: ['invariant'], registers: [this.registry] });
  readonly auditTime = new Gauge({ name: 'bailiao_audit_timestamp_seconds', help: 'When this process last finished an audit; 0: never.', registers: [this.registry] });
  readonly lexiconSeconds = new Histogram({ name: 'bailiao_lexicon_build_seconds', help: 'From the reading of word lists to their new lexicon.', buckets: SECONDS, registers: [this.registry] });
  readonly lexiconWords = new Gauge({ name: 'bailiao_lexicon_words', help: 'Words that this process holds to search texts for, by whose they are.', labelNames: ['owner'], registers: [this.registry] });
  readonly lexiconBytes = new Gauge({ name: 'bailiao_lexicon_bytes', help: 'What the words of this process take, roughly.', registers: [this.registry] });
  readonly lexiconFaults = new Counter({ name: 'bailiao_lexicon_faults_total', help: 'Lexicons that could not be built; the one before serves on. Any growth is an alert.', registers: [this.registry] });
  readonly factsUndelivered = new Gauge({ name: 'bailiao_facts_undelivered', help: 'Facts of the outbox that not all their subscribers have had, on all nodes, by kind. Growth is an alert.', labelNames: ['kind'], registers: [this.registry] });
  readonly factFailures = new Counter({ name: 'bailiao_fact_failures_total', help: 'Times that a subscriber could not take a fact; it is told again.', labelNames: ['subscriber'], registers: [this.registry] });

  private readonly collectors: (() => Promise<void>)[] = [];
  private collected = { at: -Infinity, done: Promise.resolve() };

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** What has to be asked for when the metrics are read. One that fails or takes long leaves its gauges as they were. */
  beforeRead(collect: () => Promise<void>): void {
    this.collectors.push(collect);
  }

  /** All of them, in Prometheus's text format. What is asked for is at most a second old. */
  async text(): Promise<string> {
    if (performance.now() - this.collected.at > COLLECT_MS) this.collected = { at: performance.now(), done: this.collect() };
    await this.collected.done;
    return this.registry.metrics();
  }

  private async collect(): Promise<void> {
    const cancel = new AbortController();
    const all = Promise.allSettled(this.collectors.map((collect) => collect()));
    await Promise.race([all, delay(COLLECT_MS, cancel.signal).catch(() => undefined)]);
    cancel.abort();
  }
}
