-- Where a waiting run stands now.
-- KEYS  1 gate
-- ARGV  1 run  2 channels
-- Returns {place, eta in ms}, or {0, 0} when it does not wait.
local text = redis.call('HGET', GATE .. ':tickets', ARGV[1])
if not text then return { 0, 0 } end
local ticket = cjson.decode(text)
local ahead = redis.call('LPOS', GATE .. ':flow:' .. ticket.pool .. ':' .. ticket.tenantId .. ':' .. ticket.flow, ticket.runId) or 0
local channels = cjson.decode(ARGV[2])
local place = placeOf(ticket, ahead, channels)
return { place, etaOf(ticket, channels, place) }
