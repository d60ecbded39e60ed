using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <content>Super-seeding (BEP 16).</content>
internal sealed partial class TorrentSession
{
    public SuperSeeding? SuperSeeding { get; private set; }

    /// <summary>Shows peers their next pieces, when the time has come for it.</summary>
    private void ShowPieces(double now)
    {
        if (SuperSeeding is { } seeding)
            ForEach((_, peer) => ShowPieces(seeding, peer, now));
    }

    /// <summary>Shows their next pieces to those who have earned them by what a peer has just said: these few, so that no message costs a look at all peers.</summary>
    private void ShowEarned()
    {
        while (SuperSeeding?.NextDue() is { } state)
        {
            if (state is ConnectedPeerState { Session: { IsClosed: false } due })
                Try(due, static (session, peer) => session.ShowPieces(session.SuperSeeding!, peer, session.Now));
        }
    }

    private void ShowPieces(SuperSeeding seeding, PeerSession peer, double now)
    {
        bool isAny = false;
        while (seeding.Next(peer.State, now) is >= 0 and int piece)
        {
            if (!_picker.Have[piece])
                continue; // it was changed since
            peer.QueueHave(piece);
            isAny = true;
        }

        if (isAny)
            peer.Flush();
    }

    /// <summary>Another has everything: from now on all may have all of us.</summary>
    private void EndSuperSeeding()
    {
        SuperSeeding seeding = SuperSeeding!;
        SuperSeeding = null;
        Log("Another peer has everything; super-seeding ends");
        ForEach((_, peer) =>
        {
            Bitfield pieces = peer.State.Pieces, untold = new(pieces.Length);
            for (int piece = 0; piece < pieces.Length; piece++)
            {
                if (_picker.Have[piece] && !pieces[piece] && !seeding.IsShown(peer.State, piece))
                    untold.Add(piece);
            }

            peer.TellPieces(untold);
            peer.TellUploadOnly();
        });
    }
}
