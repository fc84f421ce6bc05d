-- A run that was admitted asks for another call: its first one failed, or its lease ran out before it was used.
-- It had its turn in the queue, so it asks the channels only, and what it can't have now is left free for it.
-- KEYS  1 gate
-- ARGV  1 run  2 channels  3 tokens
-- Returns {'admitted', lease...} | {'wait', ms}.
local run, channels, tokens = ARGV[1], cjson.decode(ARGV[2]), tonumber(ARGV[3])
-- A channel that has tokens for it later than in so many ms is not kept waiting by it.
local SOON = 5000
local c, early = choose(channels, tokens, 1)
if not c then
  for _, each in ipairs(channels) do
    if barredOf(each) == 0 and (not each.tpm or roomOf(each, tokens) <= SOON) then claim(each, run, tokens) end
  end
  return { 'wait', early }
end
waive(channels, c, run, tokens)
local lease = take(c, tokens, early, run)
return { 'admitted', unpack(lease) }
