-- Admits waiting runs as far as their channels have room, the fairest first.
-- KEYS  1 gate
-- ARGV  1 pools with the places of their channels in 2: [{name, channels: [from 1]}]  2 channels  3 most to admit
-- Returns {ms until it is worth asking again, or -1 when nobody waits, then for each: ticket, lease as seven values}.
local pools = cjson.decode(ARGV[1])
local all = cjson.decode(ARGV[2])
local most = tonumber(ARGV[3])
-- Channel -> the pools that it serves.
local served = {}
for _, pool in ipairs(pools) do
  local own = {}
  for j, at in ipairs(pool.channels) do
    local c = all[at]
    own[j] = c
    served[c.id] = served[c.id] or {}
    table.insert(served[c.id], pool.name)
  end
  pool.channels = own
end

-- Whoever is first in a pool, looked up once: a turn changes what its own tenant waits for, and nothing else.
-- In line, the lowest tag last; and aside, as no channel has room for them.
local line, aside = {}, {}

local function intoLine(pool)
  local entry = head(pool)
  if not entry then return end
  local at = #line
  while at > 0 and line[at].tag < entry.tag do at = at - 1 end
  table.insert(line, at + 1, entry)
end

local function lookAgain(tenant)
  local changed = {}
  for _, place in ipairs({ line, aside }) do
    for i = #place, 1, -1 do
      if place[i].tenant == tenant then changed[#changed + 1] = table.remove(place, i).pool end
    end
  end
  for _, pool in ipairs(changed) do intoLine(pool) end
end

local function serve(entry, c, early)
  local ticket = ticketOf(entry)
  pop(entry, c, served[c.id])
  endTurn(c, ticket.tokens)
  for _, subject in ipairs(ticket.subjects) do redis.call('ZADD', GATE .. ':subject:' .. subject, NOW + LEASE, ticket.runId) end
  return entry.text, take(c, ticket.tokens, early, ticket.runId)
end

local function isShared(c)
  return #served[c.id] > 1
end

local answer = { -1 }
if not handsFree() then return { 1000 } end
for _, pool in ipairs(pools) do line[#line + 1] = head(pool) end
table.sort(line, function(a, b) return a.tag > b.tag end)
local crowd = tonumber(redis.call('HGET', GATE .. ':waiting', '')) or 1
local wait
while most > 0 do
  local entry = table.remove(line)
  if not entry then
    answer[1] = wait or -1
    return answer
  end
  -- With a channel, the second is whether it goes out ahead of the pace; without, the wait.
  local tokens = ticketOf(entry).tokens
  local c, early = choose(besidesKept(besidesClaims(entry.pool.channels, tokens), tokens), tokens, crowd)
  if c then
    takeBeside(c, tokens)
    local text, lease = serve(entry, c, early)
    answer[#answer + 1] = text
    for _, value in ipairs(lease) do answer[#answer + 1] = value end
    crowd, most = crowd - 1, most - 1
    if not handsFree() then
      answer[1] = 1000
      return answer
    end
    intoLine(entry.pool)
    lookAgain(entry.tenant)
  else
    keepRoom(entry.pool.channels, tokens, isShared)
    aside[#aside + 1] = entry
    -- No event tells that a claim is over.
    wait = math.min(wait or early, early, next(claimed) and 250 or early)
  end
end
answer[1] = 0
return answer
