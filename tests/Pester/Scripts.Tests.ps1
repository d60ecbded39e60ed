#Requires -Version 7.6
BeforeDiscovery {
    $root = "$(Resolve-Path (Join-Path $PSScriptRoot '../..'))"
    $scripts = 'build.ps1', 'TorrentPS.psd1', 'tools', 'examples', 'tests/Pester', 'tests/PSScriptAnalyzerSettings.psd1' |
        ForEach-Object { Get-ChildItem (Join-Path $root $_) -Recurse -Include *.ps1, *.psm1, *.psd1 } |
        ForEach-Object { @{ File = $_.FullName; Name = [System.IO.Path]::GetRelativePath($root, $_.FullName) -replace '\\', '/' } }
    $tests = $scripts | Where-Object Name -Match '^tests/Pester/.*\.Tests\.ps1$'
}

BeforeAll {
    function Find-Command {
        # The lines of a script that run a command, directly or indirectly.
        param([string] $File, [string] $Pattern)

        $ast = [System.Management.Automation.Language.Parser]::ParseFile($File, [ref] $null, [ref] $null)
        $ast.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true) |
            Where-Object { $_.GetCommandName() -match $Pattern -or ($_.GetCommandName() -eq 'Start-Process' -and $_.CommandElements.Extent.Text -match $Pattern) } |
            ForEach-Object { "line $($_.Extent.StartLineNumber): $_" }
    }
}

Describe 'The script <Name>' -ForEach $scripts {
    It 'parses' {
        $errors = $null
        $null = [System.Management.Automation.Language.Parser]::ParseFile($File, [ref] $null, [ref] $errors)
        $errors | Should -BeNullOrEmpty
    }

    It 'passes PSScriptAnalyzer' {
        if (-not (Get-Module PSScriptAnalyzer -ListAvailable)) {
            Set-ItResult -Skipped -Because 'PSScriptAnalyzer is not here: Install-PSResource PSScriptAnalyzer'
            return
        }
        # A manifest in the sources lacks the files that the build adds: the module's tests check those.
        $found = Invoke-ScriptAnalyzer -Path $File -Settings (Join-Path $PSScriptRoot '../PSScriptAnalyzerSettings.psd1') -ErrorAction SilentlyContinue
        $found | ForEach-Object { "$($_.RuleName) in line $($_.Line): $($_.Message)" } | Should -BeNullOrEmpty
    }

    It 'starts PowerShell even if it is not in the PATH or is a .NET tool' {
        Find-Command $File '^(pwsh|powershell)(\.exe)?$' | Should -BeNullOrEmpty -Because 'tools/Get-PowerShellCommand.ps1 says how the one that runs is started'
        if ($Name -ne 'tools/Get-PowerShellCommand.ps1') {
            Get-Content -Raw $File | Should -Not -Match 'Get-Process\s+-Id\s+\$[P]ID\b|Process[P]ath\b' -Because 'of the .NET tool that is dotnet'
        }
    }
}

Describe 'The tests <Name>' -ForEach $tests {
    It 'wait for events, not for time to pass' {
        Find-Command $File '^(Start-Sleep|sleep)$' | Should -BeNullOrEmpty -Because 'Wait-Until waits for a condition'
    }
}
