using TorrentPS.Engine.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// The part of the upload limit that one connection has taken and not used yet. Waiting for more runs in the background, so that other messages are not delayed.
/// </summary>
internal sealed class UploadAllowance(PeerSession peer, RateLimiter limiter)
{
    private bool _isWaiting;

    /// <summary>The number of bytes that may be sent.</summary>
    public int Bytes { get; private set; }

    /// <summary>Whether blocks, or an answer, may be sent now. If the limit is exhausted, the connection is flushed when they may.</summary>
    /// <param name="needed">The length of the answer.</param>
    public bool MaySend(int needed = 1)
    {
        if (!limiter.IsLimited)
            Bytes = Math.Max(needed, BlockOutbox.MostAtOnce);
        else if (Bytes < needed && !_isWaiting)
            _ = WaitAsync();
        return Bytes >= needed;
    }

    /// <summary>Bytes are sent now; the rest is returned. More than the allowance may be used, for which later sends wait longer.</summary>
    public void Spend(int bytes)
    {
        Bytes -= bytes;
        GiveBack();
    }

    public void GiveBack()
    {
        limiter.GiveBack(Bytes);
        Bytes = 0;
    }

    private async Task WaitAsync()
    {
        _isWaiting = true;
        try
        {
            do
            {
                int wanted = peer.NextAnswer is > 0 and int answer ? answer - Bytes : Math.Min(peer.RequestsWaiting * BlockRequest.BlockLength, BlockOutbox.MostAtOnce);
                Bytes += await limiter.TakeAsync(wanted);
            }
            while (!peer.IsClosed && Bytes < peer.NextAnswer); // no more than its share at a time, like every peer that waits for blocks
            _isWaiting = false;
            if (peer.IsClosed || !peer.IsWaiting)
                GiveBack();
            else
                peer.Flush();
        }
        catch (Exception e)
        {
            peer.Fault(e);
        }
    }
}
