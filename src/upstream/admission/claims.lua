-- What is left free for runs that had their turn and ask for another call: their first one failed, or its worker is gone.
-- They ask again and again, and would find that those who wait took each place the moment it was free. So whoever asked
-- in vain has a claim for a second: the next places and the next of the minute are theirs, three times out of four as
-- long as there are claims. Stands after budget.lua; a part, not a step.
-- Keys, under the gate's name:
--   :claims              zset  channel -> when the last claim to it is over
--   :channel:<c>:claims  zset  run -> when its claim is over
--   :channel:<c>, 'let'  how many went ahead since one of those who wait had a turn
local CLAIM = 1000
local AHEAD = 3

-- Channel -> true where there are claims. One that would last longer than any was made before the clock was set back.
local claimed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', GATE .. ':claims', '(' .. NOW, NOW + CLAIM)) do claimed[id] = true end

local function isLeftFree(c)
  local state = stateOf(c)
  local claims = redis.call('ZCOUNT', state.key .. ':claims', '(' .. NOW, NOW + CLAIM)
  if claims == 0 or (tonumber(redis.call('HGET', state.key, 'let')) or 0) >= AHEAD then return false end
  return c.rpm or c.tpm or not c.con or c.con - state.running <= claims
end

-- Of some channels those that a run may have that asks for its first call, or for one that it can do without.
local function besidesClaims(channels)
  if not next(claimed) then return channels end
  local open = {}
  for _, c in ipairs(channels) do
    if not claimed[c.id] or not isLeftFree(c) then open[#open + 1] = c end
  end
  return open
end

-- One of those who wait had a turn.
local function endTurn(c)
  if claimed[c.id] then redis.call('HDEL', stateOf(c).key, 'let') end
end

local function claim(c, run)
  local key = stateOf(c).key .. ':claims'
  redis.call('ZREMRANGEBYSCORE', key, '-inf', NOW)
  redis.call('ZADD', key, NOW + CLAIM, run)
  redis.call('PEXPIRE', key, LEASE)
  redis.call('ZADD', GATE .. ':claims', NOW + CLAIM, c.id)
  redis.call('PEXPIRE', GATE .. ':claims', LEASE)
end

-- A run has what it asked for.
local function waive(channels, c, run)
  for _, other in ipairs(channels) do
    if claimed[other.id] and redis.call('ZREM', stateOf(other).key .. ':claims', run) == 1 and other.id == c.id then
      redis.call('HINCRBY', stateOf(c).key, 'let', 1)
    end
  end
end
