using TorrentPS.Engine.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>What one connection has taken of the upload limit and not sent yet. Waiting for more goes on aside, so that other messages are not held up.</summary>
internal sealed class UploadAllowance(PeerSession peer, RateLimiter limiter)
{
    private bool _isWaiting;

    /// <summary>Bytes that may be sent.</summary>
    public int Bytes { get; private set; }

    /// <summary>Whether blocks, or an answer, may be sent now. Where the limit says not yet, the connection is flushed when they may.</summary>
    /// <param name="needed">The bytes of the answer.</param>
    public bool MaySend(int needed = 1)
    {
        if (!limiter.IsLimited)
            Bytes = Math.Max(needed, BlockOutbox.MostAtOnce);
        else if (Bytes < needed && !_isWaiting)
            _ = WaitAsync();
        return Bytes >= needed;
    }

    /// <summary>Something is sent now; what is left is given back. It may be more than was taken, for which the next ones wait longer.</summary>
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
            while (!peer.IsClosed && Bytes < peer.NextAnswer); // no more than its share at a time, the same as every peer that waits for blocks
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
