-- Admits waiting runs as far as their channels have room, the fairest first.
-- KEYS  1 gate
-- ARGV  1 pools with the places of their channels in 2: [{name, channels: [from 1]}]  2 channels  3 most to admit
-- Returns {ms until it is worth asking again, or -1 when nobody waits, then for each: ticket, lease as five values}.
local pools = cjson.decode(ARGV[1])
local all = cjson.decode(ARGV[2])
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

local answer = { -1 }
local crowd = tonumber(redis.call('HGET', GATE .. ':waiting', '')) or 1
for _ = 1, tonumber(ARGV[3]) do
  if not handsFree() then
    answer[1] = 1000
    return answer
  end
  local best, wait
  for _, pool in ipairs(pools) do
    local entry = head(pool.name)
    if entry then
      -- With a channel, the second is whether it goes out ahead of the pace; without, the wait.
      local c, shortest = choose(pool.channels, entry.ticket.tokens, crowd)
      if not c then
        if not wait or shortest < wait then wait = shortest end
      elseif not best or entry.tag < best.entry.tag then
        best = { entry = entry, c = c, early = shortest }
      end
    end
  end
  if not best then
    answer[1] = wait or -1
    return answer
  end
  local ticket = best.entry.ticket
  pop(best.entry, best.c, served[best.c.id])
  crowd = crowd - 1
  for _, subject in ipairs(ticket.subjects) do redis.call('ZADD', GATE .. ':subject:' .. subject, NOW + LEASE, ticket.runId) end
  answer[#answer + 1] = best.entry.text
  for _, value in ipairs(take(best.c, ticket.tokens, best.early, ticket.runId)) do answer[#answer + 1] = value end
end
answer[1] = 0
return answer
