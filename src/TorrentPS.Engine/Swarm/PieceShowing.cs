using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <summary>Shows peers one piece after another while the torrent super-seeds (BEP 16), and all pieces when that ends. Belongs to the torrent's loop.</summary>
internal sealed class PieceShowing(SwarmRun run, Roster<PeerSession> roster, PiecePicker picker)
{
    /// <summary>Selects the pieces shown to peers; null if all are shown.</summary>
    public SuperSeeding? SuperSeeding { get; private set; }

    /// <summary>Starts super-seeding.</summary>
    public void Begin() => SuperSeeding = new SuperSeeding(run.Torrent.PieceCount);

    public void Join(PeerSession peer) => SuperSeeding?.Join(peer.State, run.Now);

    public void Leave(PeerSession peer) => SuperSeeding?.Leave(peer.State);

    /// <summary>A peer's pieces have changed.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="piece">The new piece; negative if the peer declared all its pieces.</param>
    public void PiecesChanged(PeerSession peer, int piece)
    {
        if (SuperSeeding is { } seeding && (piece < 0 ? seeding.Replace(peer.State, run.Now) : seeding.Has(peer.State, piece, run.Now)))
            End();
        ShowEarned();
    }

    /// <summary>Shows peers their next pieces, when it is time.</summary>
    public void Tick(double now)
    {
        if (SuperSeeding is { } seeding)
            roster.ForEach(this, (self, peer) => self.Show(seeding, peer, now));
    }

    /// <summary>Shows their next pieces to peers that earned them by the last message: only to these, so that no message costs work for all peers.</summary>
    private void ShowEarned()
    {
        while (SuperSeeding?.NextDue() is { } state)
        {
            if (state is ConnectedPeerState { Session: { IsClosed: false } due })
                Roster<PeerSession>.Try(due, this, static (self, peer) => self.Show(self.SuperSeeding!, peer, self.Now));
        }
    }

    private double Now => run.Now;

    private void Show(SuperSeeding seeding, PeerSession peer, double now)
    {
        bool isAny = false;
        while (seeding.Next(peer.State, now) is >= 0 and int piece)
        {
            if (!picker.Have[piece])
                continue; // it has changed since
            peer.QueueHave(piece);
            isAny = true;
        }

        if (isAny)
            peer.Flush();
    }

    /// <summary>Another peer is complete: from now on all pieces are shown.</summary>
    private void End()
    {
        SuperSeeding seeding = SuperSeeding!;
        SuperSeeding = null;
        run.Log("Another peer has everything; super-seeding ends");
        roster.ForEach(this, (self, peer) =>
        {
            Bitfield pieces = peer.State.Pieces, untold = new(pieces.Length);
            for (int piece = 0; piece < pieces.Length; piece++)
            {
                if (self.Has(piece) && !pieces[piece] && !seeding.IsShown(peer.State, piece))
                    untold.Add(piece);
            }

            peer.TellPieces(untold);
            peer.TellUploadOnly();
        });
    }

    private bool Has(int piece) => picker.Have[piece];
}
