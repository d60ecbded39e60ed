@{
    # All rules, but those that do not know how Pester and build scripts work.
    ExcludeRules = @(
        # Pester's BeforeAll sets what its It blocks use.
        'PSUseDeclaredVarsMoreThanAssignments'
        # $using: and parameters of script blocks that run elsewhere are both right.
        'PSUseUsingScopeModifierInNewRunspaces'
        # Join-Path with three parts is clearer by position.
        'PSAvoidUsingPositionalParameters'
        # PowerShell 7 reads UTF-8 without a mark.
        'PSUseBOMForUnicodeEncodedFile'
        # Functions of the tests are not exported to anybody.
        'PSProvideCommentHelp'
        'PSUseShouldProcessForStateChangingFunctions'
        # A script's parameters are used in its functions.
        'PSReviewUnusedParameter'
    )
}
