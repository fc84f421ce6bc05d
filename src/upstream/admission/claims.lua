-- What is left free for runs that had their turn and ask for another call: their first one failed, or its worker is gone.
-- They ask again and again, and would find that those who wait took each place the moment it was free. So whoever asked
-- in vain has a claim for a second: the next places and the next of the minute are theirs, three parts out of four as
-- long as there are claims; of tokens that a long one waits for, others have what does not make it wait for longer.
-- Stands after room.lua; a part, not a step.
-- Keys, under the gate's name:
--   :claims              zset  channel -> when the last claim to it is over
--   :channel:<c>:claims  zset  run, blank, its tokens -> when its claim is over
--   :channel:<c>, 'owed' what those who wait are owed for the parts that went ahead, times AHEAD: turns, or tokens where
--                        the channel has a limit of them. Below 0 where they had more; never beyond a few turns, or a minute
local CLAIM = 1000
local AHEAD = 3

-- Channel -> true where there are claims. One that would last longer than any was made before the clock was set back.
local claimed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', GATE .. ':claims', '(' .. NOW, NOW + CLAIM)) do claimed[id] = true end

local function nameOf(run, tokens)
  return run .. ' ' .. tokens
end

-- How many claims there are to a channel, and the tokens of the longest; read once a step.
local claimsOf = {}
local function claimsTo(state)
  if not claimsOf[state.key] then
    local names, longest = redis.call('ZRANGEBYSCORE', state.key .. ':claims', '(' .. NOW, NOW + CLAIM), 0
    for _, name in ipairs(names) do longest = math.max(longest, tonumber(string.match(name, ' (%d+)$')) or 0) end
    claimsOf[state.key] = { count = #names, longest = longest }
  end
  return claimsOf[state.key]
end

-- The size of a turn, in what the channel owes.
local function turnOf(c, tokens)
  return c.tpm and tokensFor(c, tokens) or 1
end

local function isLeftFree(c, tokens)
  local state = stateOf(c)
  local claims = claimsTo(state)
  if claims.count == 0 or (tonumber(redis.call('HGET', state.key, 'owed')) or 0) >= (c.tpm and 1 or AHEAD) then return false end
  if c.con and c.con - state.running <= claims.count then return true end
  if c.rpm and c.rpm - state.requests <= claims.count then return true end
  if not c.tpm then return c.rpm or not c.con end
  local ms, spare = roomOf(c, claims.longest)
  return ms == 0 or tokensFor(c, tokens) > spare or gapOf(state, costOf(c, tokens)) > ms
end

-- Of some channels those that a run may have that asks for its first call, or for one that it can do without.
local function besidesClaims(channels, tokens)
  if not next(claimed) then return channels end
  local open = {}
  for _, c in ipairs(channels) do
    if not claimed[c.id] or not isLeftFree(c, tokens) then open[#open + 1] = c end
  end
  return open
end

-- Bounded, since nobody may wait for what is owed, or ask again for long.
local function owe(c, by)
  local key, most = stateOf(c).key, c.tpm or AHEAD * AHEAD
  redis.call('HSET', key, 'owed', math.max(-most, math.min(most, (tonumber(redis.call('HGET', key, 'owed')) or 0) + by)))
end

-- One of those who wait had a turn.
local function endTurn(c, tokens)
  if claimed[c.id] then owe(c, -AHEAD * turnOf(c, tokens)) end
end

local function claim(c, run, tokens)
  local key = stateOf(c).key
  redis.call('ZREMRANGEBYSCORE', key .. ':claims', '-inf', NOW)
  redis.call('ZADD', key .. ':claims', NOW + CLAIM, nameOf(run, tokens))
  redis.call('PEXPIRE', key .. ':claims', LEASE)
  redis.call('ZADD', GATE .. ':claims', NOW + CLAIM, c.id)
  redis.call('PEXPIRE', GATE .. ':claims', LEASE)
end

-- A run has what it asked for.
local function waive(channels, c, run, tokens)
  for _, other in ipairs(channels) do
    if claimed[other.id] and redis.call('ZREM', stateOf(other).key .. ':claims', nameOf(run, tokens)) == 1 and other.id == c.id then
      owe(c, turnOf(c, tokens))
    end
  end
end
