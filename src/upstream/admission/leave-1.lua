-- Takes a waiting run out of the queue; one that was admitted is left alone.
-- KEYS  1 gate
-- ARGV  1 run
-- Returns 1, or 0 when it did not wait.
local text = redis.call('HGET', GATE .. ':tickets', ARGV[1])
if not text then return 0 end
local ticket = cjson.decode(text)
redis.call('LREM', GATE .. ':flow:' .. ticket.pool .. ':' .. ticket.tenantId .. ':' .. ticket.flow, 1, ticket.runId)
redis.call('HDEL', GATE .. ':tickets', ticket.runId)
countWaiting(ticket, -1)
tidy(ticket.pool, ticket.tenantId, ticket.flow)
return 1
