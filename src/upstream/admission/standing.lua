-- Where a waiting run stands. Stands after fair-queue.lua; a part, not a step.
-- Bounds on what one answer looks at: flows of the tenant, tenants.
local FLOWS = 100
local TENANTS = 200

-- How many of a line stand before a tag, when the first has its own and each other is a step behind the one before.
local function before(tag, first, step, waiting)
  if first >= tag then return 0 end
  return math.min(waiting, math.ceil((tag - first) / step))
end

-- Of all lines in a set (by the tags of their first) how many tickets stand before a tag; lineOf tells the step and the length of one.
-- Lines beyond the bound count as those that were looked at.
local function aheadIn(set, tag, bound, own, lineOf)
  local upTo = string.format('(%.17g', tag)
  local lines = redis.call('ZRANGEBYSCORE', set, '-inf', upTo, 'WITHSCORES', 'LIMIT', 0, bound)
  local ahead, looked = 0, 0
  for i = 1, #lines, 2 do
    if lines[i] ~= own then
      looked = looked + 1
      ahead = ahead + before(tag, tonumber(lines[i + 1]), lineOf(lines[i]))
    end
  end
  if #lines < bound * 2 then return ahead end
  return ahead + math.floor((redis.call('ZCOUNT', set, '-inf', upTo) - bound) * ahead / math.max(1, looked))
end

-- Where a ticket stands, by the tags that the turns go by: how many are served before it, itself included, if nobody
-- else came. Others' texts are taken to be as long as its own.
local function placeOf(ticket, ahead, channels)
  local p, t = ticket.pool, ticket.tenantId
  local flows = GATE .. ':tenant:' .. p .. ':' .. t
  local work = workOf(ticket)
  local start, finish = tagsOf(ticket, channels)
  local own = ahead + aheadIn(flows, finish + ahead * work / ticket.flowWeight, FLOWS, ticket.flow, function(flow)
    return work / (tonumber(redis.call('HGET', flows .. ':tags', 'w/' .. flow)) or 1), redis.call('LLEN', GATE .. ':flow:' .. p .. ':' .. t .. ':' .. flow)
  end)
  local pool = GATE .. ':pool:' .. p
  return 1 + own + aheadIn(pool, start + own * work / ticket.tenantWeight, TENANTS, t, function(tenant)
    return work / (tonumber(redis.call('HGET', pool .. ':weights', tenant)) or 1), tonumber(redis.call('HGET', pool .. ':count', tenant)) or 1
  end)
end
