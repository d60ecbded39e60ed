using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;

namespace TorrentPS.Engine.Swarm;

/// <summary>Announces new pieces to peers, and updates our interest in them. Belongs to the torrent's loop.</summary>
internal sealed class PieceNews(SwarmRun run, Roster<PeerSession> roster) : IDisposable
{
    /// <summary>The minimum time between sends of have messages: with many peers and pieces they would otherwise be most of all sends.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private ITimer? _timer;
    private double _sentAt = double.NegativeInfinity;
    private bool _isDue;

    /// <summary>A piece is complete.</summary>
    public void Got(int piece)
    {
        roster.ForEach(piece, static (piece, peer) =>
        {
            if (peer.State.Pieces[piece])
            {
                peer.State.Interesting--;
                peer.SendInterest(peer.State.Interesting > 0);
            }

            peer.QueueHave(piece); // also to those that have it: a seed suggests what the others have not
        });

        Send();
    }

    /// <summary>Sends the queued have messages: at once, unless some were just sent; otherwise together with those of the next moment.</summary>
    private void Send()
    {
        if (_isDue)
            return;
        double now = run.Now;
        if (now - _sentAt >= s_pause.TotalSeconds)
        {
            _sentAt = now;
            roster.ForEach(0, static (_, peer) => peer.Flush());
            return;
        }

        _isDue = true;
        _timer ??= run.Time.CreateTimer(_ => run.Loop.Enqueue(_ =>
        {
            _isDue = false;
            Send();
        }, null), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(s_pause, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer?.Dispose();
}
